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

export interface Origin {
  line: number | null;
}

export interface MemoryPage {
  memories: Memory[];
  next_cursor: string | null;
}

/** What of a memory is shown where it answers a question. */
export type Seen = Pick<
  Memory,
  "content" | "kind" | "speaker" | "project_id" | "occurred_at" | "tier" | "superseded_by" | "valid_to" | "expires_at"
> & { metadata: Record<string, unknown> };

export interface Hit {
  id: string;
  score: number;
  parts: Record<string, number>;
  start: number;
  end: number;
  memory: Seen;
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
  /** How many memories of each project are in it, where several were asked. */
  projects?: Record<string, number>;
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
  /** Those that sent something of late. */
  clients: string[];
  head: number;
}

export interface Session {
  auth: boolean;
  signed_in: boolean;
  version: string;
  /** Only of who is signed in: whose token, which user it is (null: the owner or a service), and what he may everywhere. */
  name?: string;
  user_id?: string | null;
  may?: { watch: boolean; operate: boolean };
  across?: boolean;
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
  isolation_mode: string;
  status: string;
  right: Right;
  made: boolean;
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
  rights: Record<string, Right> | null;
  system: boolean;
  created_at: string;
  expires_at: string | null;
  used_at: string | null;
}

export interface AuditEntry {
  seq: number;
  at: string;
  actor: string;
  action: string;
  decision: "allowed" | "denied" | "failed";
  origin: string;
  projects: string[];
  target: string;
  times: number;
}

export interface AuditProof {
  whole: boolean;
  entries: number;
  head: { seq: number; digest: string } | null;
  faults: { seq: number; sort: string; said: string }[];
}

export interface Backups {
  to: string | null;
  every: number;
  error: string | null;
  backups: { id: string; made_at: string; memories: number; release: string; kept: boolean }[];
}

export interface Upkeep {
  sizes: Record<string, number>;
  caches: Record<string, { hit: number; miss: number }>;
  sync: {
    role: string;
    name: string;
    center?: string;
    paused?: boolean;
    to_send?: number;
    to_fetch?: number;
    refused?: number;
    lag_seconds?: number;
    last_done?: string | null;
    error?: string | null;
    nodes?: { name: string; projects: string[]; last_seen: string | null }[];
  };
}

export interface AcrossHit {
  id: string;
  content: string;
  score: number;
  kind: Kind;
  project_id: string;
  project_name: string;
  user_id: string;
  occurred_at: string;
  metadata: Record<string, unknown>;
  parts?: Record<string, number>;
}

export interface Across {
  results: AcrossHit[];
  project_stats: Record<string, { name: string; count: number; total: number }>;
  search_time_ms: number;
  projects_left: string[];
  projects_denied: string[];
}

/** A context that was handed to an assistant: the memories in it, and what it took. */
export interface Telling {
  id: number;
  at: string;
  way: "session" | "prompt" | "mcp" | "rest" | "chat";
  agent_id: string | null;
  turn: string | null;
  memories: string[];
  tokens: number;
  tokens_of_memories: number | null;
  budget: number | null;
}

export interface MemoryUsage {
  told: number;
  last_told_at: string | null;
  conversations: { conversation_id: string; user_id: string; project_id: string; told: number; last_told_at: string }[];
  more_conversations: number;
}

export interface RetentionPolicy {
  name: string;
  action: string;
  memories: number;
  bytes: number;
  kinds: Record<string, number>;
  projects: Record<string, number>;
  oldest_at: string | null;
  newest_at: string | null;
  kept: Record<string, number>;
  sample: { id: string; kind: Kind; text: string; project_id: string; occurred_at: string }[];
}

export interface RetentionPreview {
  policies: RetentionPolicy[];
  total: { memories: number; bytes: number };
  undo_days: number;
  every: number;
  next_at: string | null;
}

export interface RetentionRun {
  id: string;
  policy: string;
  action: string;
  state: string;
  begun_at: string;
  undo_until: string | null;
  memories: number;
  bytes_before: number;
  bytes_after: number;
  error: string | null;
}
