export function asText() { return ""; }
export async function writeReport() {}
