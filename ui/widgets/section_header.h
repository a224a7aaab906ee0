#pragma once

#include <QWidget>

class QHBoxLayout;
class QLabel;

namespace tt {

/// Title of a pane at the left, a note or controls at the right; 40 (or 32) design pixels high.
class SectionHeader : public QWidget {
    Q_OBJECT
public:
    explicit SectionHeader(const QString &title, QWidget *parent = nullptr, int designHeight = 40);

    void setTitle(const QString &title);
    /// Small grey words right of the title.
    void setNote(const QString &note);
    /// Added at the right end, left to right.
    void addControl(QWidget *control);

private:
    QHBoxLayout *layout_;
    QLabel *title_, *note_;
};

/// A line of one pixel between panes.
QWidget *horizontalLine(QWidget *parent);
QWidget *verticalLine(QWidget *parent);

} // namespace tt
