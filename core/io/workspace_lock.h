#pragma once

#include <filesystem>
#include <optional>

namespace tt {

/// Who may change a workspace: one window at a time holds the lock on its file ".lock". The lock is the system's
/// (flock), so it ends with the process that held it, however that ended; the file stays and says who was last.
class WorkspaceLock {
public:
    enum class State {
        Ours,      ///< until this object is destroyed; also where the file system knows no locks
        Elsewhere, ///< another window, of this program or another process, holds it
        Unwritable ///< nothing can be written there
    };

    /// Tries once, never waits.
    explicit WorkspaceLock(std::filesystem::path folder);
    ~WorkspaceLock();
    WorkspaceLock(const WorkspaceLock &) = delete;
    WorkspaceLock &operator=(const WorkspaceLock &) = delete;

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

} // namespace tt
