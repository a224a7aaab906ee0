#pragma once

#include <string>
#include <string_view>

namespace tt {

/// `bytes` as a gzip file (RFC 1952). The same bytes give the same file.
std::string gzip(std::string_view bytes);
/// The other way. Throws Error for what is no complete gzip file or grows past `maximumBytes`.
std::string gunzip(std::string_view file, size_t maximumBytes = size_t{1} << 30);

} // namespace tt
