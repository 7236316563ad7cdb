// A page that fails takes down itself, not the way to the other pages.
import { Component, type ReactNode } from "react";
import { Button, Card } from "./basic";
import { Notice } from "./notice";

interface State {
  error: Error | null;
}

export class Boundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: Error): State {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <Card>
        <Notice tone="bad" title="This page failed" action={<Button small onClick={() => location.reload()}>Load it again</Button>}>
          <p>An error of ours: {error.message}</p>
        </Notice>
      </Card>
    );
  }
}
