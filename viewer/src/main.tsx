import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queries } from "./api/queries";
import { App } from "./app/App";
import "./styles/tokens.css";
import "./styles/page.css";
import "./styles/shell.css";
import "./styles/control.css";
import "./styles/memory.css";
import "./styles/stream.css";
import "./styles/search.css";
import "./styles/welcome.css";
import "./styles/figures.css";
import "./styles/settings.css";

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <App />
      </QueryClientProvider>
    </StrictMode>,
  );
}
