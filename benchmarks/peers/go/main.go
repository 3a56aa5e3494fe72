// The service with the Go SDK.
package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fastly/compute-sdk-go/fsthttp"
)

const origin = "http://origin.example"

// The linker sets it where sandboxes are to be reused.
var reuse string

func ask(ctx context.Context, method, path string, body io.Reader) (*fsthttp.Response, error) {
	request, err := fsthttp.NewRequest(method, origin+path, body)
	if err != nil {
		return nil, err
	}
	return request.Send(ctx, "origin")
}

func relay(w fsthttp.ResponseWriter, response *fsthttp.Response, err error) {
	if err != nil {
		fsthttp.Error(w, err.Error(), fsthttp.StatusBadGateway)
		return
	}
	w.Header().Reset(response.Header)
	w.WriteHeader(response.StatusCode)
	w.Append(response.Body)
}

func through(ctx context.Context, w fsthttp.ResponseWriter) {
	response, err := ask(ctx, "GET", "/large", nil)
	if err != nil {
		fsthttp.Error(w, err.Error(), fsthttp.StatusBadGateway)
		return
	}
	// Without the wrapper, the bytes would not come into the guest.
	io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{response.Body}, make([]byte, 64<<10))
}

func fanIn(ctx context.Context, w fsthttp.ResponseWriter) {
	var good atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			response, err := ask(ctx, "GET", "/slow", nil)
			if err == nil && response.StatusCode == fsthttp.StatusOK {
				good.Add(1)
			}
		}()
	}
	group.Wait()
	fmt.Fprint(w, good.Load())
}

func handle(ctx context.Context, w fsthttp.ResponseWriter, r *fsthttp.Request) {
	switch r.URL.Path {
	case "/":
		fmt.Fprint(w, "hello")
	case "/small", "/large":
		response, err := ask(ctx, "GET", r.URL.Path, nil)
		relay(w, response, err)
	case "/through":
		through(ctx, w)
	case "/upload":
		response, err := ask(ctx, "POST", "/sink", r.Body)
		relay(w, response, err)
	case "/fan-in":
		fanIn(ctx, w)
	}
}

func main() {
	if reuse == "" {
		fsthttp.ServeFunc(handle)
		return
	}
	fsthttp.ServeMany(handle, &fsthttp.ServeManyOptions{NextTimeout: 2 * time.Second})
}
