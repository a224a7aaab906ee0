#pragma once

namespace tt {

class TokenPreview;

/// Makes every TokenPreview a list to a screen reader, whose items are its tokens. May be called again.
void installTokenPreviewAccessible();
/// The preview has other tokens now.
void forgetTokenAccessibles(TokenPreview *preview);
/// Tells a screen reader that a token was chosen.
void announceToken(TokenPreview *preview, int token);

} // namespace tt
