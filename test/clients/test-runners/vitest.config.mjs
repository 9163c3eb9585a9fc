// So that vitest does not look for the settings of a folder above.
export default {}
