/** Where an upload stands, as the server tells it. */
export interface UploadState {
  id: string;
  offset: number;
  length: number;
  complete: boolean;
}

export class Refused extends Error {}

const chunk = 4 * 1024 * 1024;

/** One file on its way: resumable, so that a lost connection or a closed page costs at most one chunk. */
export class UploadClient {
  private request: XMLHttpRequest | null = null;
  /** Somebody does not want it any more. */
  cancelled = false;
  private state: UploadState | null = null;

  constructor(
    private readonly file: File,
    private readonly token: string,
    private readonly onProgress: (sent: number) => void,
    private readonly onWait: (message: string) => void,
    private readonly onBegin: (id: string) => void = () => undefined,
  ) {}

  /** Ends when all bytes have arrived. */
  async send(): Promise<UploadState> {
    let state = (this.state = (await this.resumed()) ?? (await this.begin()));
    localStorage.setItem(this.key, state.id);
    this.onBegin(state.id);
    for (let failures = 0; !state.complete; ) {
      if (this.cancelled) throw new Refused("Cancelled.");
      this.onProgress(state.offset);
      try {
        state = this.state = await this.put(state);
        failures = 0;
      } catch (error) {
        if (error instanceof Refused || this.cancelled) throw error;
        if (++failures > 8) throw new Refused("The connection is gone. Choose the file again later; it goes on where it stopped.");
        this.onWait("Connection lost, trying again…");
        await new Promise(resolve => setTimeout(resolve, Math.min(10000, 500 * 2 ** failures)));
        state = this.state = (await this.resumed()) ?? state;
      }
    }
    localStorage.removeItem(this.key);
    return state;
  }

  async cancel(): Promise<void> {
    this.cancelled = true;
    this.request?.abort();
    localStorage.removeItem(this.key);
    if (this.state) await fetch(`/api/v1/uploads/${this.state.id}`, { method: "DELETE", headers: { "X-CSRF-TOKEN": this.token } });
  }

  private get key(): string {
    return `upload ${this.file.name} ${this.file.size} ${this.file.lastModified}`;
  }

  /** The upload that was begun for the same file before, if the server still has it. */
  private async resumed(): Promise<UploadState | null> {
    const id = localStorage.getItem(this.key);
    if (!id) return null;
    try {
      const response = await fetch(`/api/v1/uploads/${encodeURIComponent(id)}`);
      if (response.ok) return (await response.json()) as UploadState;
      localStorage.removeItem(this.key);
    } catch {
      // Still no connection: the next try tells.
    }
    return null;
  }

  private async begin(): Promise<UploadState> {
    const response = await fetch("/api/v1/uploads", {
      method: "POST",
      headers: { "content-type": "application/json", "X-CSRF-TOKEN": this.token },
      body: JSON.stringify({ file_name: this.file.name, length: this.file.size }),
    });
    if (!response.ok) throw new Refused(await reason(response));
    return (await response.json()) as UploadState;
  }

  /** One chunk. XMLHttpRequest, because fetch does not tell how much it has sent. */
  private put(state: UploadState): Promise<UploadState> {
    return new Promise((resolve, reject) => {
      const request = (this.request = new XMLHttpRequest());
      request.open("PUT", `/api/v1/uploads/${state.id}?offset=${state.offset}`);
      request.setRequestHeader("X-CSRF-TOKEN", this.token);
      request.setRequestHeader("content-type", "application/octet-stream");
      request.upload.onprogress = event => this.onProgress(state.offset + event.loaded);
      request.onload = () => {
        if (request.status < 300) resolve(JSON.parse(request.responseText) as UploadState);
        else if (request.status === 409 || request.status >= 500) reject(new Error(`HTTP ${request.status}`));
        else reject(new Refused(message(request.responseText, request.status)));
      };
      request.onerror = request.onabort = () => reject(this.cancelled ? new Refused("Cancelled.") : new Error("connection"));
      request.send(this.file.slice(state.offset, state.offset + chunk));
    });
  }
}

async function reason(response: Response): Promise<string> {
  return message(await response.text(), response.status);
}

/** The server's own words, where it has some. */
function message(body: string, status: number): string {
  try {
    const problem = JSON.parse(body) as { detail?: string; message?: string; error?: string; title?: string };
    return problem.detail ?? problem.message ?? problem.error ?? problem.title ?? `The server refused it (${status}).`;
  } catch {
    return `The server refused it (${status}).`;
  }
}
