#pragma once

#include <filesystem>
#include <optional>

namespace tt {

/// Where the files that ship with the program lie: share/tinytranscoder in the first folder above `executable` that has
/// it. An installed program stands in PREFIX/bin, so its tree can be moved as a whole; a build tree has the same
/// folder, with links into the sources. Empty where there is none: the executable was copied out of its tree.
std::optional<std::filesystem::path> shippedFolder(const std::filesystem::path &executable);

/// The same for the running program, wherever it was called from and through whatever links.
std::optional<std::filesystem::path> shippedFolder();

} // namespace tt
