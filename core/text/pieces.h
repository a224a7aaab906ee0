#pragma once

#include <memory>
#include <string_view>

namespace tt {

/// Walks over the pieces that GPT-2's pattern cuts a text into (Radford et al. 2019):
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`, where \s is Unicode's White_Space.
/// Every byte is in exactly one piece: bytes that are not UTF-8 form pieces of their own, and a text is matched as if
/// it ended before them. Takes linear time.
class PieceCursor {
public:
    /// `text` must outlive the cursor.
    explicit PieceCursor(std::string_view text);
    ~PieceCursor();
    PieceCursor(const PieceCursor &) = delete;
    PieceCursor &operator=(const PieceCursor &) = delete;

    /// Moves to another text, keeping what was allocated.
    void restart(std::string_view text);
    /// The next piece (never empty); false at the end.
    bool next(std::string_view &piece);

private:
    [[nodiscard]] size_t matchLength(std::string_view valid) const;

    struct Match;
    std::unique_ptr<Match> match_;
    std::string_view rest_;
    size_t validLength_ = 0; ///< leading bytes of rest_ known to be UTF-8
};

} // namespace tt
