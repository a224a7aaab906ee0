#pragma once

#include "core/text/corpus_preview.h"

#include <QString>

#include <functional>
#include <vector>

namespace tt {

/// Where a token, or a part of one that is wider than a line, stands in a preview.
struct TokenPiece {
    int token = 0; ///< place in StoryPreview::ids
    int line = 0;
    int x = 0, width = 0; ///< pixels
    QString text;         ///< spaces as they are, line ends ↵, bytes that are no text ⟨E2 80⟩
    bool endOfText = false;
};

struct TokenLayout {
    std::vector<TokenPiece> pieces; ///< by line, then from the left
    std::vector<int> firstOfToken;  ///< token → its first piece
    int lines = 0;
};

/// Lays tokens out in lines of `width` pixels, broken between tokens where they fit, behind line ends and behind
/// end-of-text. `widthOf` measures a text, `endOfText` is what stands for that token.
TokenLayout layOutTokens(const StoryPreview &preview, int width, const std::function<int(const QString &)> &widthOf,
                         const QString &endOfText);

} // namespace tt
