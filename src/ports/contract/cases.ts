import type { ContractCase } from "./case.js";
import { completeCases } from "./complete.js";
import { consistencyCases } from "./consistency.js";
import { copyCases } from "./copy.js";
import { deleteCases } from "./delete.js";
import { errorCases } from "./errors.js";
import { getCases } from "./get.js";
import { headCases } from "./head.js";
import { integrityCases } from "./integrity.js";
import { keyCases } from "./keys.js";
import { listCases } from "./list.js";
import { metadataCases } from "./metadata.js";
import { multipartCases } from "./multipart.js";
import { putCases } from "./put.js";
import { putConditionCases } from "./put-conditions.js";
import { raceCases } from "./races.js";
import { signalCases } from "./signals.js";
import { signedWriteCases } from "./signed-writes.js";
import { signingCases } from "./signing.js";
import { sliceCases } from "./slices.js";
import { uploadListCases } from "./upload-lists.js";

/** Of `MultipartStore`, which a store may do without. */
const casesOfUploads: readonly ContractCase[] = [
  ...multipartCases,
  ...sliceCases,
  ...completeCases,
  ...uploadListCases,
].map((each) => ({ ...each, needs: ["multipart", ...(each.needs ?? [])] }));

/** Every case, in the order of the port. Ids are unique. */
export const contractCases: readonly ContractCase[] = [
  ...consistencyCases,
  ...signalCases,
  ...errorCases,
  ...keyCases,
  ...putCases,
  ...putConditionCases,
  ...integrityCases,
  ...metadataCases,
  ...getCases,
  ...headCases,
  ...deleteCases,
  ...copyCases,
  ...listCases,
  ...casesOfUploads,
  ...signingCases,
  ...signedWriteCases,
  ...raceCases,
];
