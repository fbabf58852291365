export {
  type FoundHonours,
  otherwiseProfile,
  type Profile,
  type ProfileName,
  type Proof,
  probedProfile,
  trustingProfile,
} from "../s3-protocol/profiles.js";
export { type OpenMinioOptions, openMinioStore } from "./open.js";
export { MinioObjectStore, type MinioStoreOptions } from "./store.js";
export { minioTransport } from "./transport.js";
