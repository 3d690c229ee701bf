// Requests to the studio's API, as the current user.

let token: Promise<string> | null = null;

async function antiforgery(): Promise<string> {
  const response = await fetch("/api/v1/antiforgery");
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return ((await response.json()) as { token: string }).token;
}

/** What the server answers, or an error that names the status. */
export async function get<T>(path: string): Promise<T> {
  const response = await fetch(path, { headers: { accept: "application/json" } });
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
  return (await response.json()) as T;
}

/** Sends JSON with the antiforgery header that everything which changes something needs. */
export async function put(path: string, body: unknown): Promise<void> {
  token ??= antiforgery();
  const response = await fetch(path, { method: "PUT", headers: { "content-type": "application/json", "x-csrf-token": await token }, body: JSON.stringify(body) });
  if (!response.ok) {
    token = null;
    throw new Error(`${path}: HTTP ${response.status}`);
  }
}
