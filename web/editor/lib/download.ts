/** Lets the browser save what stands under an address of ours. */
export function download(href: string, name: string): void {
  const link = Object.assign(document.createElement("a"), { href, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}
