/** What the server answers, as far as the viewer reads it. */

export const KINDS = ["turn", "note", "fact", "observation", "summary"] as const;
export type Kind = (typeof KINDS)[number];
export const TIERS = ["global", "quick", "archive"] as const;
export type Tier = (typeof TIERS)[number];

export interface Memory {
  id: string;
  content: string;
  kind: Kind;
  role: string | null;
  speaker: string | null;
  title: string | null;
  keywords: string[];
  entities: string[];
  importance: number;
  urgency: number;
  tier: Tier;
  metadata: Record<string, unknown>;
  project_id: string;
  user_id: string;
  conversation_id: string | null;
  agent_id: string | null;
  source: { client: string | null; file: string | null; message_id: string | null };
  sources: string[];
  repeats: number;
  created_at: string;
  occurred_at: string;
  valid_from: string | null;
  valid_to: string | null;
  superseded_by: string | null;
  expires_at: string | null;
  version: number;
}

export interface MemoryPage {
  memories: Memory[];
  next_cursor: string | null;
}

export interface Hit {
  id: string;
  score: number;
  parts: Record<string, number>;
  start: number;
  end: number;
  memory: Memory;
}

export interface Found {
  memories: Hit[];
  total: number;
  took_ms: number;
}

export interface Context {
  text: string;
  tokens: number;
  memories: string[];
  dropped: number;
  fused_by: string;
}

export interface Step {
  seq: number;
  at: string;
  event: "add" | "revise" | "retire" | "delete";
  version: number | null;
  content: string | null;
  changed: Record<string, [unknown, unknown]>;
}

export interface Conversation {
  id: string;
  user_id: string;
  project_id: string;
  turns: number;
  started_at: string;
  ended_at: string;
  title: string | null;
  summary: string | null;
}

export interface Stats {
  memories: number;
  conversations: number;
  entities: number;
  by_kind: Record<string, number>;
  by_day: Record<string, number>;
  by_category: Record<string, number>;
  by_tier: Record<string, number>;
  embedded: number;
  waiting: number;
  parked: number;
}

export interface Job {
  id: number;
  name: string;
  state: "ready" | "claimed" | "parked";
  attempts: number;
  run_at: string;
  created_at: string;
  error: string | null;
  covers: number;
}

export interface Entity {
  name: string;
  type: string;
  mentions: number;
}

export interface Relation {
  subject: string;
  predicate: string;
  object: string;
  weight: number;
  valid_from: string | null;
  valid_to: string | null;
}

export interface Owner {
  name: string;
  memories: number;
  last_at: string;
}

export interface Places {
  users: Owner[];
  projects: Owner[];
  head: number;
}

export interface Session {
  auth: boolean;
  signed_in: boolean;
  name: string;
  version: string;
}

export interface Spent {
  day: string;
  model: string;
  calls: number;
  tokens: number;
  cost: number;
}

export interface Figures {
  uptime_seconds: number;
  memory_mb: number;
  total_requests: number;
  listeners: number;
  latency_ms: Record<string, { p50: number | null; p95: number | null; p99: number | null }>;
  db_size_mb?: number;
  vectors?: number;
}

/** One entry of the live stream; of a deleted memory only the id is left. */
export interface LiveEvent {
  id: number;
  event: "added" | "revised" | "retired" | "deleted" | "summary";
  at: string;
  memory_id: string;
  memory: Memory | null;
}

export const RIGHTS = ["READ", "WRITE", "ADMIN", "OWNER"] as const;
export type Right = "NONE" | (typeof RIGHTS)[number];

export interface Project {
  id: string;
  name: string;
  description: string;
  status: string;
  right: Right;
}

export interface Member {
  user_id: string;
  right: Right;
  since: string;
}

export interface Grant extends Member {
  id: string;
  until: string;
}

export interface Token {
  id: string;
  name: string;
  user_id: string | null;
  system: boolean;
  created_at: string;
  expires_at: string | null;
  used_at: string | null;
}
