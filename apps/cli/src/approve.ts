/** The option of signed commands that need two holders. */
export const APPROVE =
  'approve the call, to the byte, for another holder who then makes it; instead of making it';
