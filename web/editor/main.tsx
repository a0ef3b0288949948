import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { routeOf } from "./state/router";
import { session } from "./state/session";
import "./styles.css";

// Who asks is known by the time that the project's page is there to open it.
if (routeOf(location.pathname).page === "project") void session();

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
