#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace tt {

/// A text out of a file that is not trusted, fit to stand in a message: printable ASCII, not longer than a line.
inline std::string plainText(std::string_view text) {
    constexpr size_t longest = 80;
    std::string plain(text.substr(0, longest));
    std::replace_if(
        plain.begin(), plain.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return text.size() > longest ? plain + "…" : plain;
}

} // namespace tt
