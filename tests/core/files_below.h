#pragma once

#include <filesystem>

namespace tt::test {

/// How many files there are in a folder and those in it.
inline int filesBelow(const std::filesystem::path &folder) {
    int files = 0;
    for (const auto &entry : std::filesystem::recursive_directory_iterator(folder))
        files += entry.is_regular_file() ? 1 : 0;
    return files;
}

} // namespace tt::test
