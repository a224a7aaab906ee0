#pragma once

#include <cstddef>
#include <string_view>

namespace tt {

/// Bytes of the UTF-8 character (RFC 3629: no surrogates, nothing overlong) that `bytes` starts with; 0 where there is
/// none.
size_t utf8CharacterLength(std::string_view bytes);
/// Bytes of the longest prefix of `bytes` that is whole UTF-8 characters.
size_t utf8PrefixLength(std::string_view bytes);

inline bool isUtf8(std::string_view bytes) {
    return utf8PrefixLength(bytes) == bytes.size();
}

} // namespace tt
