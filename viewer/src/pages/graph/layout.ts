/** Where the names of a graph lie: pushed apart, held together by their relations. The same graph lies the same way. */

import {
  forceCollide,
  forceLink,
  forceManyBody,
  forceSimulation,
  forceX,
  forceY,
  type SimulationLinkDatum,
} from "d3-force";
import type { Grown } from "./grown";

export interface Spot {
  name: string;
  x: number;
  y: number;
}

const ROUNDS = 240;
export const WIDTH = 760;
export const HEIGHT = 520;
const EDGE = 46;

export function layout(graph: Grown, before: ReadonlyMap<string, Spot>): Map<string, Spot> {
  const spots = graph.nodes.map((node, index) => {
    const known = before.get(node.name);
    const angle = index * 2.399963;
    const away = 26 * Math.sqrt(index);
    return known
      ? { ...known }
      : { name: node.name, x: WIDTH / 2 + away * Math.cos(angle), y: HEIGHT / 2 + away * Math.sin(angle) };
  });
  const place = new Map(spots.map((spot) => [spot.name.toLowerCase(), spot]));
  const links: SimulationLinkDatum<Spot>[] = graph.links.flatMap((link) => {
    const [source, target] = [place.get(link.subject.toLowerCase()), place.get(link.object.toLowerCase())];
    return source && target ? [{ source, target }] : [];
  });
  forceSimulation(spots)
    .force("link", forceLink(links).distance(96).strength(0.5))
    .force("charge", forceManyBody().strength(-420))
    .force("apart", forceCollide(40))
    .force("x", forceX(WIDTH / 2).strength(0.06))
    .force("y", forceY(HEIGHT / 2).strength(0.1))
    .stop()
    .tick(ROUNDS);
  return new Map(fitted(spots).map((spot) => [spot.name, spot]));
}

/** Bring all of it into the picture. */
function fitted(spots: Spot[]): Spot[] {
  const range = (values: number[], room: number): ((value: number) => number) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const scale = Math.min(1.7, (room - 2 * EDGE) / Math.max(1, high - low));
    return (value) => room / 2 + (value - (low + high) / 2) * scale;
  };
  const x = range(
    spots.map((spot) => spot.x),
    WIDTH,
  );
  const y = range(
    spots.map((spot) => spot.y),
    HEIGHT,
  );
  return spots.map((spot) => ({ ...spot, x: x(spot.x), y: y(spot.y) }));
}
