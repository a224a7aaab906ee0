#pragma once

#include <filesystem>
#include <optional>

namespace tt {

/// Who may change a folder: a workspace belongs to one window at a time, a run to one training. Whoever holds it has
/// the lock on the file ".lock" in it. The lock is the system's (flock), so it ends with the process that held it,
/// however that ended; the file stays and says who was last.
class FolderLock {
public:
    enum class State {
        Ours,      ///< until this object is destroyed; also where the file system knows no locks
        Elsewhere, ///< another object, of this process or another, holds it
        Unwritable ///< nothing can be written there
    };

    /// Tries once, never waits.
    explicit FolderLock(std::filesystem::path folder);
    ~FolderLock();
    FolderLock(const FolderLock &) = delete;
    FolderLock &operator=(const FolderLock &) = delete;

    [[nodiscard]] State state() const { return state_; }
    /// The process that holds it, where that is known. Ours: this one.
    [[nodiscard]] std::optional<long> holder() const { return holder_; }
    /// Whether the lock is ours, and on this folder.
    [[nodiscard]] bool holds(const std::filesystem::path &folder) const;

private:
    std::filesystem::path folder_;
    int descriptor_ = -1;
    State state_ = State::Unwritable;
    std::optional<long> holder_;
};

/// A moment in which no other process changes the small files of a folder: what is read in it is still true when the
/// change is written. Beside FolderLock, and needs no file of its own. Waits for its turn; where a process keeps the
/// folder for 10 s (it was stopped in the middle), throws Error.
class WriteTurn {
public:
    explicit WriteTurn(const std::filesystem::path &folder);
    ~WriteTurn();
    WriteTurn(const WriteTurn &) = delete;
    WriteTurn &operator=(const WriteTurn &) = delete;

private:
    int descriptor_;
};

} // namespace tt
