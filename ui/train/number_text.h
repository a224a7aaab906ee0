#pragma once

#include <QString>

#include <cstdint>

namespace tt {

/// "1,410"; with a minus sign where negative.
QString groupedText(int64_t number);
/// Three figures: "2.22", "0.134", "31.8", "7,900", "4.0e-4".
QString figureText(double value);
/// A real parameter as the form shows it: "0.95", "1.0e-3", "1.25e-4".
QString realText(double value);
/// A share as per cent: "1.2 %".
QString percentText(double share);
/// A large count in a sentence: "512", "38 k", "8.2 M", "1.3 G".
QString amountText(double count);
/// "6 min 13 s", "5 h 02 min", "48 s".
QString durationText(double seconds);
/// "done in 10 min": rounded to what one remembers.
QString roundedDurationText(double seconds);

} // namespace tt
