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

/// Whether a text shows the trace of a wrong encoding: UTF-8 that was read as Windows-1252 or Latin-1 and written as
/// UTF-8 again ("â€™" for ’, "Ã©" for é), or U+FFFD where a byte could not be read. Only pairs that no language writes
/// count, so "là »" and "Spaß“" do not.
bool hasMojibake(std::string_view text);

} // namespace tt
