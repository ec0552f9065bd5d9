"""The words around the figures."""

HEAD = """# Benchmarks

The figures come from one machine and from `{command}`, where the folder holds evaluation files in the form that the
end of this page describes; each section says when it was measured. Each measurement is a process of its own. Absolute
figures are this machine's; trust ratios.
"""

METHOD = """## How it is measured

- **Quality.** A file is a JSON list of independent spaces: `{"name", "turns": [{"id", "conversation", "speaker",
  "role", "text", "at"}], "questions": [{"question", "evidence": [turn ids], "category", "asked_at"}]}`. Each space
  is captured under a user of its own, each question asked once; recall@k is the share of the evidence among the
  first k hits, averaged over questions. 'Without' rows switch one part of the ranking off and leave the other
  weights as they are, so they show what a part adds to this recipe, not what a recipe fitted without it would
  reach. 'Alone' rows rank by that signal only. 'Embedder in float32' is the whole recipe over vectors that no
  rounding touched, in a store of its own.
- **Ingest.** From the first call until the last has returned (everything is durable and found by word), and until
  everything is found by meaning too (no text waits for its vector), and until facts and summaries are made as well
  (`drain`), the model loaded before; all in one run, embedding going on beside. The embedder alone gets all texts in
  one call, sorted by length by itself: once all of them, and once the very texts that recollect hands it, which
  are all but greetings: before each run and after it, so that the share is that of neighbours in time.
- **Calm moments.** A core of a rented machine shares its arithmetic units and its cache with a stranger's, and while
  that one works everything takes up to 1.7 times as long, for seconds or minutes; no figure of the kernel's shows it.
  So a fixed piece of work that has nothing to do with recollect (a loop in Python, a scan of ten megabytes) is timed
  in processor time between rounds of ten searches, captures now and then, cold processes, or two seconds of wrk. Four
  times as many are measured as count, and more for a minute and a half, until enough fell into moments in which the
  fixed work took at most 1.15 times as long as ever on this machine. Those count in which it took least, whatever they
  took themselves, and 'pace' is how many times as long as ever it took meanwhile. Peers' searches are chosen by the
  same rule. What all of ours took stands beside it. Ingest, extraction, hooks and the search across projects are
  of all moments.
- **Search** is timed around `await memory.search(...)` with ten hits, one at a time, the question's embedding
  included, with the result read from the database, whose file lies in the operating system's cache. Stores are
  synthetic: mostly 15 to 25 words from a Zipf-Mandelbrot vocabulary of 30,000 words in two sentences, said by twenty
  speakers in conversations of 1,000 turns; Chinese texts have about 18 characters and questions about 50; one turn in
  twenty is a mere greeting without a vector, one in a hundred has 150 to 400 words and so several chunks. They are
  written through `capture`; their vectors are random instead of embedded, which exact search does not notice, and
  derived facts and summaries are left out. The embedding budget is not: every question is embedded. `store.memory_mb`
  is 6144 here: a million memories do not fit the default of 1024 and would be searched in the file. 'First search' is
  the one that loads a scope. 'Held' is what the index says it holds, 'grown' what the process grew by.
- **Acknowledgement** is `capture` of one turn with `synchronous=FULL`, the worker embedding in the background.
- **Over HTTP** wrk asks over connections that stay open, after some questions that load the store; rate and p50 are
  the middle of four rounds of two seconds each, p99 the worst of them, failures those of all rounds. recollect embeds
  each question, its cache of their vectors being off, for wrk asks the same ones again and again; Chroma's server is
  handed vectors and only compares them. Mem0's own server is not published as a package and was not run.
- **Hooks** are whole processes, start to exit, against a Python that does nothing (`python -I -S -c pass`).
- **Cold** is `recollect search`, a process from start to exit, the file in the operating system's cache, all modules
  compiled as `pip` leaves them.
- **Peers** run in environments of their own with their defaults, on the same texts and questions, and embed with
  recollect's model over an OpenAI-compatible endpoint on this machine, so none of them needs torch and all have the
  same vectors. Mem0 runs with `infer=False` and its local Qdrant; its optional extras (spaCy, fastembed) are not
  installed, which makes it faster and leaves it without keyword search. Its documented local set-up embeds with
  sentence-transformers instead and was slower when measured apart (26 to 59 adds a second). Stores for the search
  figures are filled past the embedder. Chroma is a vector store: it extracts nothing, ranks by cosine alone and
  keeps no history, so its ingest does less. For peers, 'cold' and 'resident' are a process that opens the store and
  asks once; resident adds the endpoint's process, which holds the model, but cold leaves out the loading of the
  model, which is in recollect's figure.
- **Against Mem0**, in the table of targets: recollect and Mem0 take turns with the same conversations, each handed as
  one call, and each turn of Mem0's is compared with recollect's just before it and just after it; the middle of twelve
  turns counts. Searches follow one right after the other. The other tables divide what the sections measured, minutes
  apart; on a machine whose speed changes meanwhile they tell less.
"""
