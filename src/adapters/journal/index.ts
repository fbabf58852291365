export { type FileJournalOptions, openFileJournal } from "./file-journal.js";
