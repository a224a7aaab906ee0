#include "ui/help/term_help.h"

#include "ui/help/glossary.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QApplication>
#include <QGroupBox>
#include <QHeaderView>
#include <QHelpEvent>
#include <QLabel>
#include <QTabBar>
#include <QTextDocument>
#include <QToolTip>
#include <QWhatsThis>

#include <algorithm>

namespace tt {

namespace {
constexpr size_t mostTerms = 2; // a tooltip stays a glance

QString meanings(const QString &text) {
    QStringList lines;
    const auto terms = termsIn(text);
    for (size_t i = 0; i < std::min(terms.size(), mostTerms); ++i)
        lines << TermHelp::tr("%1: %2").arg(terms[i].names.front(), terms[i].meaning);
    return lines.join(u'\n');
}

/// Long lines broken as a rich text would, and nothing else: tooltips are plain text.
QString wrapped(const QString &text) {
    constexpr qsizetype longest = 76;
    QString out, line;
    const QStringList words = text.split(u' ');
    for (const QString &word : words) {
        if (!line.isEmpty() && line.size() - line.lastIndexOf(u'\n') + word.size() > longest) {
            out += line + u'\n';
            line.clear();
        }
        line += (line.isEmpty() ? QString() : QStringLiteral(" ")) + word;
    }
    return out + line;
}
} // namespace

TermHelp::TermHelp(QObject *parent) : QObject(parent) {
    qApp->installEventFilter(this);
}

QString TermHelp::textAt(const QWidget &widget, QPoint point) {
    const auto *header = qobject_cast<const QHeaderView *>(&widget);
    if (!header && widget.parentWidget()) // events go to the viewport
        header = qobject_cast<const QHeaderView *>(widget.parentWidget());
    if (header) {
        const int section = header->logicalIndexAt(point);
        return header->model() && section >= 0 ? header->model()->headerData(section, header->orientation()).toString()
                                               : QString();
    }
    if (const auto *tabs = qobject_cast<const QTabBar *>(&widget))
        return tabs->tabText(tabs->tabAt(point));
    if (const auto *label = qobject_cast<const QLabel *>(&widget))
        return label->textFormat() == Qt::RichText ? QString() : label->text();
    if (const auto *button = qobject_cast<const QAbstractButton *>(&widget))
        return button->text().remove(u'&');
    if (const auto *group = qobject_cast<const QGroupBox *>(&widget))
        return group->title();
    if (widget.parentWidget() && qobject_cast<const QAbstractItemView *>(widget.parentWidget()))
        return {};                                                           // a cell speaks for itself
    return widget.toolTip().isEmpty() ? QString() : widget.accessibleName(); // others answer for themselves
}

QString TermHelp::toolTipAt(const QWidget &widget, QPoint point) {
    QString own = widget.toolTip();
    const auto *header = qobject_cast<const QHeaderView *>(&widget);
    if (!header && widget.parentWidget())
        header = qobject_cast<const QHeaderView *>(widget.parentWidget());
    if (header && header->model())
        if (const int section = header->logicalIndexAt(point); section >= 0)
            own = header->model()->headerData(section, header->orientation(), Qt::ToolTipRole).toString();
    if (const auto *tabs = qobject_cast<const QTabBar *>(&widget); tabs && tabs->tabAt(point) >= 0)
        own = tabs->tabToolTip(tabs->tabAt(point));
    const QString meaning = meanings(textAt(widget, point));
    if (meaning.isEmpty())
        return own;
    QStringList lines;
    for (const QString &line : meaning.split(u'\n'))
        lines << wrapped(line);
    const QString meant = lines.join(u'\n');
    if (own.isEmpty())
        return meant;
    if (Qt::mightBeRichText(own))
        return own + QStringLiteral("<p>") + meant.toHtmlEscaped().replace(u'\n', QStringLiteral("<br>"));
    return own + QStringLiteral("\n\n") + meant;
}

bool TermHelp::eventFilter(QObject *watched, QEvent *event) {
    const auto type = event->type();
    if (type != QEvent::ToolTip && type != QEvent::QueryWhatsThis && type != QEvent::WhatsThis)
        return false;
    const auto *widget = qobject_cast<const QWidget *>(watched);
    if (!widget)
        return false;
    const auto *help = static_cast<const QHelpEvent *>(event);
    const QString meaning = meanings(textAt(*widget, help->pos()));
    if (meaning.isEmpty())
        return false;
    if (type == QEvent::QueryWhatsThis)
        event->accept();
    else if (type == QEvent::WhatsThis)
        QWhatsThis::showText(help->globalPos(),
                             toolTipAt(*widget, help->pos()).toHtmlEscaped().replace(u'\n', QStringLiteral("<br>")));
    else
        QToolTip::showText(help->globalPos(), toolTipAt(*widget, help->pos()), const_cast<QWidget *>(widget));
    return true;
}

} // namespace tt
