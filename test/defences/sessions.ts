import type { Defence } from "./defence.js";

/** Of sessions that are resumed or removed, and of whose they are. */
export const sessions: readonly Defence[] = [
  {
    id: "owners-apart",
    sees: "no user reaches another's object",
    file: "src/app/references.ts",
    off: ["  if (own) return key;\n", "  if (own || !own) return key;\n"],
    tests: ["test/app/reading", "test/app/embedding", "test/cli/commands"],
  },
  {
    id: "resume-proof",
    sees: "a part of an earlier process counts only where its checksum is that of the file's bytes",
    file: "src/app/uploader/send-parts.ts",
    off: ["if (proof?.value === given.value) return", "if (proof !== undefined) return"],
    tests: ["test/app/resume.test"],
  },
  {
    id: "resume-completed",
    sees: "an upload that was completed before its process died is not made again",
    file: "src/app/resume.ts",
    off: [
      'standing.kind === "ours" &&',
      "Number.isNaN(identity.size) && standing.kind === 'ours' &&",
    ],
    tests: ["test/app/resume.test", "test/app/resume-killed"],
  },
  {
    id: "resume-changed",
    sees: "a file that has changed since is not joined to what was sent of it before",
    file: "src/app/resume.ts",
    off: ["isFree && isSame(source.identity, identity)", "isFree && source.identity !== identity"],
    tests: ["test/app/resume.test"],
  },
  {
    id: "resume-unanswered",
    sees: "an upload whose process died before its answer leaves nothing when it is begun anew",
    file: "src/app/resume.ts",
    off: ["  await dropUnanswered(uploads, journal, session, request.signal);\n", ""],
    tests: ["test/app/resume-killed"],
  },
  {
    id: "resume-owner",
    sees: "nobody resumes another user's upload",
    file: "src/app/resume.ts",
    off: ["if (belonging.owner !== owner) {", "if (belonging.owner === undefined) {"],
    tests: ["test/app/resume-refusals"],
  },
  {
    id: "session-restart",
    sees: "a session is replaced in one step, so that no death in between makes two objects of one file",
    file: "src/app/resume.ts",
    off: [
      "startOver(resumption, source, restarting(record, journal))",
      "startOver(resumption, source, journal)",
    ],
    tests: ["test/app/resume-killed"],
  },
  {
    id: "janitor-ours",
    sees: "uploads of others, below whatever prefix, are not touched, on record or not",
    file: "src/app/sessions.ts",
    off: [
      'return root === roots.model ? { kind: "model", owner, filename } : undefined;',
      'return { kind: "model", owner, filename };',
    ],
    tests: ["test/app/janitor"],
  },
  {
    id: "janitor-running",
    sees: "an upload that has just begun is left to the process that makes it",
    file: "src/app/janitor.ts",
    off: [" || running.has(key)", ""],
    tests: ["test/app/janitor"],
  },
  {
    id: "session-taken",
    sees: "a session that a living process runs is taken over by no other",
    file: "src/adapters/journal/file-journal.ts",
    off: ["        if (await this.#folder.isRunning(file)) break;\n", ""],
    tests: ["test/journal/journal", "test/journal/files"],
  },
  {
    id: "session-head",
    sees: "a session whose first line is not whole is never seen",
    file: "src/adapters/journal/record.ts",
    off: ["const draft = draftOf(this.#path);", "const draft = this.#path;"],
    tests: ["test/journal/files"],
  },
];
