export {
  type FoundHonours,
  otherwiseProfile,
  type Profile,
  type ProfileName,
  type Proof,
  probedProfile,
  trustingProfile,
} from "../s3-protocol/profiles.js";
export { type OpenS3Options, openS3Store, type S3Credentials } from "./open.js";
export { S3ObjectStore, type S3StoreOptions } from "./store.js";
