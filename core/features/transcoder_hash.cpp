#include "core/features/explained_model.h"
#include "core/io/file.h"

#include <algorithm>

namespace tt {

namespace fs = std::filesystem;

std::string transcoderHash(const fs::path &folder) {
    std::vector<fs::path> files;
    for (const auto &entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (name.ends_with(".safetensors") && (name.starts_with("layer_") || name.starts_with("W_")))
            files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    std::string hashes;
    for (const fs::path &file : files)
        hashes += (hashes.empty() ? "" : "+") + sha256OfFile(file);
    return hashes;
}

} // namespace tt
