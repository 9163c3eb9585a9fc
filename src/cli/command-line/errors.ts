/** A mistake in the command line. The message is one line that says what is wrong and what would be right. */
export class UsageError extends Error {}

/** A failure at run time that ends the command with exit code 1, such as a full disk. The message is one line. */
export class OperationalError extends Error {}
