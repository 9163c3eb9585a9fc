// This keeps vitest from using the settings of a parent folder.
export default {}
