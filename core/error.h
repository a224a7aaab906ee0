#pragma once

#include <stdexcept>
#include <string>

namespace tt {

/// The one exception of the program. what() is a text for people: what happened, in which file, what to do.
class Error : public std::runtime_error {
public:
    enum class Kind {
        Failure,   ///< the work could not be done (exit code 1)
        Usage,     ///< the request makes no sense, e.g. an unknown preset or key (exit code 2)
        Diverged,  ///< a training's values are no longer finite; its last checkpoint was kept (exit code 1)
        Cancelled, ///< a stop was requested and there is nothing to hand back (exit code 130)
    };

    explicit Error(const std::string &text, Kind kind = Kind::Failure) : std::runtime_error(text), kind_(kind) {}
    [[nodiscard]] Kind kind() const noexcept { return kind_; }

private:
    Kind kind_;
};

/// A reason why a configuration cannot be used. `key` names the parameter as in `--set key=value`.
struct Problem {
    std::string key;
    std::string text;
    bool operator==(const Problem &) const = default;
};

} // namespace tt
