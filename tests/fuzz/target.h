#pragma once

// What the fuzz targets share. A target takes any bytes, must not crash, hang or leak, and checks what holds for all of
// them. replay.cpp calls it with every file of its folder of seeds.

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace tt::fuzz {

/// A folder of this process, in memory where there is such a file system; removed at its end.
inline const std::filesystem::path &folder() {
    struct Folder {
        std::filesystem::path path;
        Folder() {
            std::error_code error;
            const std::filesystem::path base =
                std::filesystem::exists("/dev/shm", error) ? "/dev/shm" : std::filesystem::temp_directory_path();
            std::string pattern = (base / "tt-fuzz-XXXXXX").string();
            if (::mkdtemp(pattern.data()) == nullptr)
                std::abort();
            path = pattern;
        }
        ~Folder() {
            std::error_code error;
            std::filesystem::remove_all(path, error);
        }
        Folder(const Folder &) = delete;
        Folder &operator=(const Folder &) = delete;
    };
    static const Folder only;
    return only.path;
}

inline std::filesystem::path write(const std::string &name, std::string_view bytes) {
    const std::filesystem::path file = folder() / name;
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
    return file;
}

inline std::string_view text(const uint8_t *data, size_t size) {
    return {reinterpret_cast<const char *>(data), size};
}

inline void require(bool holds, const char *what) {
    if (holds)
        return;
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}

} // namespace tt::fuzz
