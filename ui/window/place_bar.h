#pragma once

#include <QWidget>

class QLabel;

namespace tt {

class ElidedLabel;

/// Title of a place, what it is for, and Copy as command at the right; 48 design pixels high.
class PlaceBar : public QWidget {
    Q_OBJECT
public:
    explicit PlaceBar(QWidget *parent = nullptr);
    void setPlace(const QString &title, const QString &subtitle);

Q_SIGNALS:
    void copyCommandRequested();

private:
    QLabel *title_;
    ElidedLabel *subtitle_;
};

} // namespace tt
