#include "ui/train/number_text.h"

#include <QLocale>

#include <algorithm>
#include <array>
#include <cmath>

namespace tt {

namespace {

const QLocale &numbers() {
    static const QLocale locale(QLocale::English, QLocale::UnitedStates);
    return locale;
}

QString withMinus(QString text) {
    return text.replace(QLatin1Char('-'), QChar(0x2212));
}

/// "4.0e-04" → "4.0e-4"
QString shortExponent(QString text) {
    const qsizetype digits = text.indexOf(QLatin1Char('e')) + 2;
    while (digits > 1 && digits + 1 < text.size() && text[digits] == QLatin1Char('0'))
        text.remove(digits, 1);
    return text;
}

} // namespace

QString groupedText(int64_t number) {
    return withMinus(numbers().toString(static_cast<qlonglong>(number)));
}

QString figureText(double value) {
    const double size = std::abs(value);
    if (size == 0)
        return QStringLiteral("0");
    if (size >= 1000)
        return withMinus(numbers().toString(std::round(value), 'f', 0));
    if (size < 0.001)
        return (value < 0 ? QStringLiteral("\u2212") : QString()) + shortExponent(QString::number(size, 'e', 1));
    const int decimals = std::max(0, 2 - static_cast<int>(std::floor(std::log10(size))));
    return withMinus(QString::number(value, 'f', decimals));
}

QString realText(double value) {
    const double size = std::abs(value);
    if (size == 0 || (size >= 0.01 && size < 1e6))
        return QString::number(value, 'g', 10);
    QString text = QString::number(value, 'e', 1); // as many decimals as it takes to be exact, at least one
    for (int decimals = 2; decimals <= 16 && text.toDouble() != value; ++decimals)
        text = QString::number(value, 'e', decimals);
    return shortExponent(text);
}

QString percentText(double share) {
    return withMinus(QString::number(share * 100, 'f', share < 0.1 ? 1 : 0)) + QStringLiteral(" %");
}

QString amountText(double count) {
    constexpr std::array units{"", " k", " M", " G", " T"};
    size_t unit = 0;
    for (; count >= 999.5 && unit + 1 < units.size(); ++unit)
        count /= 1000;
    return QString::number(count, 'f', unit > 0 && count < 9.95 ? 1 : 0) + QLatin1String(units[unit]);
}

QString durationText(double seconds) {
    const auto whole = static_cast<int64_t>(std::llround(std::max(seconds, 0.0)));
    if (whole < 60)
        return QStringLiteral("%1 s").arg(whole);
    if (whole < 3600)
        return QStringLiteral("%1 min %2 s").arg(whole / 60).arg(whole % 60, 2, 10, QLatin1Char('0'));
    return QStringLiteral("%1 h %2 min").arg(whole / 3600).arg(whole % 3600 / 60, 2, 10, QLatin1Char('0'));
}

QString roundedDurationText(double seconds) {
    if (seconds < 90)
        return QStringLiteral("%1 s").arg(std::llround(std::max(seconds, 0.0)));
    if (seconds < 5400)
        return QStringLiteral("%1 min").arg(std::llround(seconds / 60));
    return QStringLiteral("%1 h").arg(seconds / 3600, 0, 'f', 1);
}

} // namespace tt
