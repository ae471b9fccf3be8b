/** Files that need the key cannot be plain links: they are fetched, then handed to the browser to save. */

/** Saves `{blob, name}` once it is here. */
export async function save(coming) {
  const { blob, name } = await coming;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
