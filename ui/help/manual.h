#pragma once

#include <QString>
#include <QStringList>

#include <vector>

namespace tt {

/// A page of the manual, a Markdown text compiled into the program.
struct ManualPage {
    QString name;         ///< "circuits": what links name
    QString title;        ///< its first heading
    QString markdown;     ///< whole
    QStringList headings; ///< below the title, in order
};
/// Every page in reading order.
const std::vector<ManualPage> &manualPages();
/// Null where there is none of the name.
const ManualPage *manualPage(const QString &name);

/// Where a text was found.
struct ManualMatch {
    QString page, heading; ///< the heading above it; empty right under the title
    QString line;          ///< the words around it, without marks
};
/// Every place that holds all the words of `query`, whatever their case, one a paragraph; headings first.
std::vector<ManualMatch> searchManual(const QString &query);

} // namespace tt
