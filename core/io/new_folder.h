#pragma once

#include <filesystem>

namespace tt {

/// A folder that comes to be with all its files or not at all: unless keep() is reached, it is removed again with what
/// was written into it.
class NewFolder {
public:
    /// Makes it; one that is there has to be empty (and stays). Throws Error(Usage) where there is something in it, and
    /// Error where it cannot be made.
    explicit NewFolder(std::filesystem::path path);
    ~NewFolder();
    NewFolder(const NewFolder &) = delete;
    NewFolder &operator=(const NewFolder &) = delete;
    [[nodiscard]] const std::filesystem::path &path() const { return path_; }
    void keep() { kept_ = true; }

private:
    std::filesystem::path path_;
    bool wasThere_ = false, kept_ = false;
};

/// Throws Error(Usage) where the folder is there with something in it.
void requireEmptyOrNew(const std::filesystem::path &folder);

} // namespace tt
