/** One number and its name. */
export function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div className="figure">
      <span className="figure-value">{value}</span>
      <span className="dim">{name}</span>
    </div>
  );
}
