// What Streamlit calls: at the first mount and after each run of the page.
export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".lb-figure");
  if (!figures.has(root)) figures.set(root, new Figure(root));
  figures.get(root).record(decode(data), setTriggerValue);
  return () => figures.get(root)?.remove();
}
