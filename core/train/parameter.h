#pragma once

#include <string>
#include <vector>

namespace tt {

/// One setting of a configuration: what `--set key=value` and the fields of the Train place are made from.
struct Parameter {
    enum class Kind { Integer, Real, Choice };
    std::string key;   ///< "learning_rate"
    std::string label; ///< "Learning rate"
    std::string help;  ///< one sentence
    Kind kind = Kind::Integer;
    double minimum = 0, maximum = 0;  ///< Integer and Real
    std::vector<std::string> choices; ///< Choice
    bool advanced = false;            ///< shown behind "more…"
};

} // namespace tt
