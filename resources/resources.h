#pragma once

#include <string_view>
#include <vector>

namespace tt {

/// The bytes of a file that is compiled into the program, by its path below resources/ ("stories/plots_lost.txt").
/// Throws std::out_of_range for a name that is not there.
std::string_view resource(std::string_view name);
/// The names that begin with `prefix`, sorted.
std::vector<std::string_view> resourceNames(std::string_view prefix);

} // namespace tt
