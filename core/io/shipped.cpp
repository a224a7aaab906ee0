#include "core/io/shipped.h"

namespace tt {

namespace fs = std::filesystem;

std::optional<fs::path> shippedFolder(const fs::path &executable) {
    std::error_code none;
    for (fs::path folder = executable.parent_path(); folder.has_relative_path(); folder = folder.parent_path())
        if (fs::path shipped = folder / "share" / "tinytranscoder"; fs::is_directory(shipped, none))
            return shipped;
    return {};
}

std::optional<fs::path> shippedFolder() {
    std::error_code failed;
    const fs::path executable = fs::read_symlink("/proc/self/exe", failed);
    return failed ? std::nullopt : shippedFolder(executable);
}

} // namespace tt
