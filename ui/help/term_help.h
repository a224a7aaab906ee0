#pragma once

#include <QObject>
#include <QPoint>
#include <QString>

class QHelpEvent;
class QWidget;

namespace tt {

/// Help for the field's words wherever they stand: what a label, button, header or tab says is looked up in the
/// glossary, and the meaning is added to its tooltip and shown by What's This (Shift+F1). Widgets need not know.
class TermHelp : public QObject {
    Q_OBJECT
public:
    /// For every widget of the application.
    explicit TermHelp(QObject *parent = nullptr);

    /// What a widget says at a point of it: its text, the header's section, the tab.
    static QString textAt(const QWidget &widget, QPoint point);
    /// The tooltip there with the meaning of the words in it; the widget's own tooltip where there are none.
    static QString toolTipAt(const QWidget &widget, QPoint point);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
};

} // namespace tt
