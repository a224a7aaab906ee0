#pragma once

#include <QString>

#include <string>

namespace tt {

/// A token as it is drawn: a space is ␣, a line break ↵, bytes that are no text ⟨E2 80⟩.
QString shownToken(const std::string &token);
/// "1/1184".
QString featureName(int layer, int feature);
/// Two decimals: "6.42". Minus is −.
QString figure(double value, int decimals = 2);
/// "+2.61", "−0.42".
QString signedFigure(double value);
/// A share 0 … 1 as "31 %"; "<1 %" for what would read as nothing.
QString percent(double share);
/// 2164 as "2,164".
QString count(long long value);
/// A word of a command line, in single quotes where the shell would take it apart.
QString shellWord(const QString &word);
/// Why what would change the workspace is off.
QString readOnlyReason();
/// Text for a tooltip: shown as written, line breaks kept, even where it looks like HTML.
QString plainToolTip(const QString &text);

} // namespace tt
