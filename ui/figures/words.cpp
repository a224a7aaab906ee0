#include "ui/figures/words.h"

#include "core/circuits/graph_text.h"

#include <QCoreApplication>
#include <QLocale>
#include <QRegularExpression>

#include <cmath>

namespace tt {

QString shownToken(const std::string &token) {
    return QString::fromStdString(visibleText(token, Spaces::Show));
}

QString featureName(int layer, int feature) {
    return QStringLiteral("%1/%2").arg(layer).arg(feature);
}

QString figure(double value, int decimals) {
    const QString digits = QString::number(std::abs(value), 'f', decimals);
    const bool zero = digits.toDouble() == 0;
    return (value < 0 && !zero ? QStringLiteral("−") : QString()) + digits;
}

QString signedFigure(double value) {
    const QString text = figure(value);
    return text.startsWith(u'−') ? text : u'+' + text;
}

QString percent(double share) {
    const int whole = static_cast<int>(std::lround(share * 100));
    return whole == 0 && share > 0 ? QStringLiteral("<1 %") : QStringLiteral("%1 %").arg(whole);
}

QString count(long long value) {
    return QLocale(QLocale::English).toString(value);
}

QString shellWord(const QString &word) {
    static const QRegularExpression plain(QStringLiteral("^[A-Za-z0-9_./:=,+-]+$"));
    if (plain.match(word).hasMatch())
        return word;
    return u'\'' + QString(word).replace(u'\'', QStringLiteral("'\\''")) + u'\'';
}

QString readOnlyReason() {
    return QCoreApplication::translate("tt", "The workspace is open read-only: nothing in it can be changed here.");
}

QString plainToolTip(const QString &text) {
    return QStringLiteral("<p style='white-space:pre'>") + text.toHtmlEscaped() + QStringLiteral("</p>");
}

} // namespace tt
