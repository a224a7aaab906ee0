#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tt {

enum class Spaces : bool { Keep, Show };

/// Any bytes as text that can be shown and stored in XML: valid UTF-8 stays; broken bytes, control and direction
/// characters become ⟨E2 80⟩; line ends ↵ and tabs ⇥. Show: every space becomes ␣.
std::string visibleText(std::string_view bytes, Spaces spaces);

/// Whether all of it is valid UTF-8.
bool isUtf8(std::string_view bytes);

/// Width of valid UTF-8 in columns of a fixed-pitch font: 2 for East Asian wide characters and emoji, 0 for combining
/// ones.
int columnsOf(std::string_view text);

/// At most `columns` columns, the last one "…" where something was cut.
std::string elided(std::string_view text, int columns);

/// Words of a text in at most `lines` lines of `columns` columns; what does not fit is elided.
std::vector<std::string> wrapped(std::string_view text, int columns, int lines);

/// Shortest text that reads back as the same number, with a point in every locale.
std::string exactNumber(double value);
/// `figures` significant figures, for people: "6.42", "−0.18", "3.1e-06".
std::string shortNumber(double value, int figures = 3);
/// With a fixed count of decimals.
std::string fixedNumber(double value, int decimals);

/// & < > " ' as entities; for element content and attributes alike.
std::string xmlEscaped(std::string_view text);

} // namespace tt
