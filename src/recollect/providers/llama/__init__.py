"""Language models in this process, by llama.cpp: which there are, how they come here, and how they are run."""
