#define PCRE2_CODE_UNIT_WIDTH 8

#include "core/text/pieces.h"

#include "core/error.h"
#include "core/text/utf8.h"

#include <pcre2.h>

#include <string>

namespace tt {

namespace {

// PCRE2's own \s also holds U+180E, which is no white space since Unicode 6.3; the reference tokenizers leave it out.
const std::string space = R"(\t-\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000})";
const std::string pattern = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^)" + space + R"(\p{L}\p{N}]+|[)" + space +
                            R"(]+(?![^)" + space + R"(])|[)" + space + "]+";

std::string messageOf(int code) {
    PCRE2_UCHAR text[256] = {};
    pcre2_get_error_message(code, text, sizeof text);
    return reinterpret_cast<const char *>(text);
}

/// The compiled pattern is never changed after this, so all threads share it.
const pcre2_code *compiledPattern() {
    static pcre2_code *const code = [] {
        int error = 0;
        PCRE2_SIZE at = 0;
        pcre2_code *made = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                         PCRE2_UTF | PCRE2_UCP | PCRE2_ANCHORED, &error, &at, nullptr);
        if (made == nullptr)
            throw Error("The tokenizer's pattern cannot be compiled by this PCRE2: " + messageOf(error) + ".");
        // Where a system forbids generated code, pcre2_match interprets the pattern: slower, the same pieces.
        pcre2_jit_compile(made, PCRE2_JIT_COMPLETE);
        return made;
    }();
    return code;
}

size_t invalidLength(std::string_view text) {
    size_t length = 1;
    while (length < text.size() && utf8CharacterLength(text.substr(length)) == 0)
        ++length;
    return length;
}

} // namespace

struct PieceCursor::Match {
    pcre2_match_data *data = pcre2_match_data_create(1, nullptr);
    Match() {
        if (data == nullptr)
            throw std::bad_alloc();
    }
    ~Match() { pcre2_match_data_free(data); }
    Match(const Match &) = delete;
    Match &operator=(const Match &) = delete;
};

PieceCursor::PieceCursor(std::string_view text) : match_(std::make_unique<Match>()) {
    restart(text);
}

PieceCursor::~PieceCursor() = default;

void PieceCursor::restart(std::string_view text) {
    rest_ = text;
    validLength_ = utf8PrefixLength(text);
}

size_t PieceCursor::matchLength(std::string_view valid) const {
    const auto *subject = reinterpret_cast<PCRE2_SPTR>(valid.data());
    const auto match = [&](uint32_t options) {
        return pcre2_match(compiledPattern(), subject, valid.size(), 0, PCRE2_NO_UTF_CHECK | options, match_->data,
                           nullptr);
    };
    int found = match(0);
    if (found == PCRE2_ERROR_JIT_STACKLIMIT)
        found = match(PCRE2_NO_JIT);
    if (found < 0)
        throw Error("The text cannot be cut into pieces: " + messageOf(found) + ".");
    return pcre2_get_ovector_pointer(match_->data)[1];
}

bool PieceCursor::next(std::string_view &piece) {
    if (rest_.empty())
        return false;
    const bool valid = validLength_ > 0;
    const size_t length = valid ? matchLength(rest_.substr(0, validLength_)) : invalidLength(rest_);
    piece = rest_.substr(0, length);
    rest_.remove_prefix(length);
    if (valid)
        validLength_ -= length;
    else
        validLength_ = utf8PrefixLength(rest_);
    return true;
}

} // namespace tt
