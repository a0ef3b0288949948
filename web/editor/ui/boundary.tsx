import { Component, type ReactNode } from "react";

interface BoundaryProps {
  /** What to show instead; `retry` tries the children again. */
  fallback(error: Error, retry: () => void): ReactNode;
  children: ReactNode;
}

/** Keeps an error of one part of the page from taking the rest along. */
export class Boundary extends Component<BoundaryProps, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: unknown): { error: Error } {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    return error ? this.props.fallback(error, () => this.setState({ error: null })) : this.props.children;
  }
}
